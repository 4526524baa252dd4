// A file above the limit is refused before it is sent, beside its field and in the words of the app.
const FIELDS = "#film, [id^='examples-']";
const refuseLarge = (event) => {
  const field = event.target.closest?.(FIELDS);
  if (!field) return;
  const said = field.nextElementSibling;
  if (said?.matches(".too-large")) said.remove();
  const files = event.type == "drop" ? event.dataTransfer.files : event.target.files;
  const large = [...(files ?? [])].find((file) => file.size > limit.bytes);
  if (!large) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.type == "drop") event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
  else event.target.value = "";
  const mb = Math.ceil(large.size / 1e5) / 10;
  const words = limit.words.replace("{name}", () => large.name).replace("{mb}", mb);
  const place = Object.assign(document.createElement("div"), { className: "vidfer message fault too-large", role: "alert" });
  place.append(Object.assign(document.createElement("p"), { textContent: words }));
  field.after(place);
};
for (const kind of ["change", "drop"]) addEventListener(kind, refuseLarge, true);
