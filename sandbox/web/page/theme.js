// Light, dark, or as the system says.

const CHOICES = ["auto", "light", "dark"];

export function startTheme(button) {
  const set = (choice) => {
    document.documentElement.dataset.theme = choice;
    button.title = `Colours: ${choice}`;
    localStorage.setItem("theme", choice);
  };
  const stored = localStorage.getItem("theme");
  set(CHOICES.includes(stored) ? stored : "auto");
  button.addEventListener("click", () => {
    const place = CHOICES.indexOf(document.documentElement.dataset.theme);
    set(CHOICES[(place + 1) % CHOICES.length]);
  });
}
