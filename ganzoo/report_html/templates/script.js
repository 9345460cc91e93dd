"use strict";
for (const cinema of document.querySelectorAll("[data-cinema]")) {
  const slider = cinema.querySelector("[data-slider]");
  if (!slider) continue;
  const input = slider.querySelector("input");
  const output = slider.querySelector("output");
  const button = slider.querySelector("[data-play]");
  const films = [...cinema.querySelectorAll("[data-film]")].map((film) => [...film.querySelectorAll("img")]);
  const byPercent = films.length > 1 || cinema.querySelector("[data-moment]") !== null;

  const show = () => {
    const value = Number(input.value);
    for (const images of films) {
      const shown = images.filter((image) => Number(image.dataset.at) <= value).at(-1) ?? images[0];
      for (const image of images) image.hidden = image !== shown;
      const moment = shown.closest("figure")?.querySelector("[data-moment]");
      if (moment) moment.textContent = shown.dataset.label;
      output.textContent = byPercent ? `${value} % of each run` : shown.dataset.label;
      input.setAttribute("aria-valuetext", output.textContent);
    }
  };
  input.addEventListener("input", () => { stop(); show(); });

  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "\u25b6";
    button.setAttribute("aria-label", "Play");
  };
  const stride = Math.max(1, Math.round(Number(input.max) / 24));
  const advance = () => {
    input.value = Number(input.value) + stride;
    show();
    if (Number(input.value) >= Number(input.max)) stop();
  };
  button.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (Number(input.value) >= Number(input.max)) input.value = 0;
    show();
    button.textContent = "\u275a\u275a";
    button.setAttribute("aria-label", "Pause");
    timer = setInterval(advance, 350);
  });
}
for (const section of document.querySelectorAll("[data-sides]")) {
  const input = section.querySelector("input");
  const after = section.querySelector(".after");
  const cut = () => { after.style.clipPath = `inset(0 ${100 - Number(input.value)}% 0 0)`; };
  input.addEventListener("input", cut);
  cut();
}
