// Makes a long list of boxes to tick searchable, and a day that is named the chosen one. Pages are whole without this: every
// box stands in the form, and a day that is named counts.
"use strict";

// Below so many boxes a look finds what is searched for.
const FEW = 8;

// What two spellings of one word share: no accents, no capitals, straight apostrophes, no ligatures.
const fold = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/’/g, "'").replace(/\s+/g, " ").trim();

// French counts nothing as one, English as many.
const counted = (group, name, count) => {
  const isOne = document.documentElement.lang === "fr" ? count < 2 : count === 1;
  return group.dataset[name + (isOne ? "One" : "Other")].replace("{count}", String(count));
};

const makeSearchable = (group) => {
  const list = group.querySelector(".choices");
  const choices = [...list.querySelectorAll(".choice")].map((label) => (
    { label, box: label.querySelector("input"), words: fold(label.textContent), matches: true }
  ));
  if (choices.length < FEW) return;

  const label = document.createElement("label");
  label.className = "search";
  label.append(group.dataset.search);
  const field = document.createElement("input");
  field.type = "search";
  field.autocomplete = "off";
  label.append(field);
  const told = document.createElement("p");
  told.className = "hint";
  told.setAttribute("role", "status");
  told.setAttribute("aria-live", "polite");
  list.before(label, told);

  const tell = () => {
    const chosen = choices.filter(({ box }) => box.checked).length;
    const matching = choices.filter(({ matches }) => matches).length;
    const found = matching === 0 ? group.dataset.none : counted(group, "found", matching);
    told.textContent = found + " " + counted(group, "chosen", chosen);
  };

  // The chosen ones stand first, and in sight, whatever is searched for; each part keeps its order.
  const search = () => {
    const words = fold(field.value).split(" ");
    for (const choice of choices) {
      choice.matches = words.every((word) => choice.words.includes(word));
      choice.label.hidden = !choice.box.checked && !choice.matches;
    }
    const isChosen = ({ box }) => box.checked;
    list.append(...choices.filter(isChosen).concat(choices.filter((choice) => !isChosen(choice)))
      .map(({ label: one }) => one));
    tell();
  };

  field.addEventListener("input", search);
  // The return key searches; it does not send a form that is only half filled in.
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  // What was just ticked stays where it is: nothing moves under a finger.
  list.addEventListener("change", tell);
  search();
};

for (const group of document.querySelectorAll(".searchable")) makeSearchable(group);

const day = document.querySelector("#until");
day?.addEventListener("change", () => {
  if (day.value !== "") document.querySelector("input[name=pause][value=day]").checked = true;
});
