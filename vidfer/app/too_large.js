// A file above the limit is refused before it is sent, beside its field and in the words of the app.
const FIELDS = "#film, [id^='examples-']";
const refuseLarge = (event) => {
  const field = event.target.closest?.(FIELDS);
  if (!field) return;
  const before = field.nextElementSibling;
  if (before?.matches(".too-large")) before.remove();
  const files = event.type == "drop" ? event.dataTransfer.files : event.target.files;
  const large = [...(files ?? [])].find((file) => file.size > limit.bytes);
  if (!large) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.type == "drop") event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
  else event.target.value = "";
  const mb = Math.ceil(large.size / 1e5) / 10;
  const words = limit.words.replace("{mb}", mb).replace("{name}", () => large.name);
  const place = Object.assign(document.createElement("div"), { className: "vidfer message fault too-large", role: "alert" });
  const said = place.appendChild(document.createElement("p"));
  words.split("`").forEach((part, i) => {  // commands are between backticks
    said.append(i % 2 ? Object.assign(document.createElement("code"), { textContent: part }) : part);
  });
  field.after(place);
};
for (const kind of ["change", "drop"]) addEventListener(kind, refuseLarge, true);
