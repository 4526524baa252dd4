// On a phone, what a button brings is below the edge of the screen: go there.
const broughtBy = { run: "#result-place", learn: "#taught-place" };
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const place = button && broughtBy[button.id] && document.querySelector(broughtBy[button.id]);
  if (place && place.getBoundingClientRect().top > innerHeight - 150) place.scrollIntoView();
});
// The files of a page that was left are deleted, so one that comes back with the back button begins anew.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
