// A click into a timeline shows that moment of the film; a line in the timeline shows where the film is.
const filmOf = (element) => element.closest(".vidfer").querySelector("video");
document.addEventListener("click", (event) => {
  const drawing = event.target.closest(".vidfer .row-of-time svg");
  const film = drawing && filmOf(drawing);
  if (!film) return;
  const box = drawing.getBoundingClientRect(), { start, end } = drawing.parentElement.dataset;
  film.currentTime = +start + ((event.clientX - box.left) / box.width) * (end - start);
});
const showNow = (event) => {
  if (!event.target.matches?.(".vidfer video")) return;
  for (const row of event.target.closest(".vidfer").querySelectorAll(".row-of-time")) {
    const share = (event.target.currentTime - row.dataset.start) / (row.dataset.end - row.dataset.start);
    const line = row.querySelector(".now") ?? row.appendChild(Object.assign(document.createElement("i"), { className: "now" }));
    line.hidden = !(share >= 0 && share <= 1);
    line.style.left = `${100 * share}%`;
  }
};
for (const kind of ["timeupdate", "seeking", "seeked"]) document.addEventListener(kind, showNow, true);
