// Pages through a PDF, one drawn page at a time; only the parts that a page needs are asked of the server.

const vendor = new URL("./vendor/pdfjs-dist/", import.meta.url);
const PIECE = 1 << 18; // bytes of one request
const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
const MOST_PIXELS = 1 << 24; // of one drawing: what a phone still holds

for (const root of document.querySelectorAll("[data-document]")) show(root);

async function show(root) {
  const [bar, wrong, leaf, details] = root.querySelectorAll(".actions, .wrong, .leaf, details");
  const canvas = leaf.querySelector("canvas");
  const buttons = (name) => [...bar.querySelectorAll(`[data-${name}]`)];
  let file, drawing;
  let number = 1;
  let zoom = ZOOMS.indexOf(1);

  const fail = (error) => {
    if (error?.name === "RenderingCancelledException") return;
    wrong.textContent = error?.name === "PasswordException" ? root.dataset.locked : root.dataset.failed;
    wrong.hidden = false;
  };

  async function draw() {
    drawing?.cancel();
    const wanted = [number, zoom];
    const current = () => wanted[0] === number && wanted[1] === zoom;
    for (const button of buttons("turn")) {
      const to = number + Number(button.dataset.turn);
      button.disabled = to < 1 || to > file.numPages;
    }
    for (const button of buttons("zoom")) button.disabled = !(zoom + Number(button.dataset.zoom) in ZOOMS);
    const where = root.dataset.where.replace("{page}", number).replace("{pages}", file.numPages);
    bar.querySelector("[role=status]").textContent = where;
    canvas.setAttribute("aria-label", where);
    const page = await file.getPage(number);
    const natural = page.getViewport({ scale: 1 });
    const width = Math.max(leaf.clientWidth, 200) * ZOOMS[zoom];
    const sharp = Math.min(
      (width / natural.width) * (window.devicePixelRatio || 1),
      Math.sqrt(MOST_PIXELS / (natural.width * natural.height)),
    );
    if (!current()) return;
    const viewport = page.getViewport({ scale: sharp });
    canvas.width = Math.floor(viewport.width);
    canvas.height = Math.floor(viewport.height);
    canvas.style.width = `${Math.floor(width)}px`;
    drawing = page.render({ canvas, viewport });
    await drawing.promise;
    const { items } = await page.getTextContent();
    if (!current()) return;
    const words = items.map((item) => (item.str ?? "") + (item.hasEOL ? "\n" : "")).join("");
    details.querySelector(".words").textContent = words.trim() || root.dataset.wordless;
    wrong.hidden = true;
    page.cleanup();
  }

  try {
    const pdf = await import(new URL("legacy/build/pdf.min.mjs", vendor));
    pdf.GlobalWorkerOptions.workerSrc = new URL("legacy/build/pdf.worker.min.mjs", vendor).href;
    file = await pdf.getDocument({
      url: new URL(root.dataset.document, location.href).href,
      rangeChunkSize: PIECE,
      disableAutoFetch: true,
      disableStream: true,
      isEvalSupported: false,
      enableXfa: false,
      useWasm: false,
      cMapUrl: new URL("cmaps/", vendor).href,
      standardFontDataUrl: new URL("standard_fonts/", vendor).href,
      wasmUrl: new URL("wasm/", vendor).href,
    }).promise;
    for (const part of [bar, leaf, details]) part.hidden = false;
    await draw();
  } catch (error) {
    fail(error);
  }

  bar.addEventListener("click", ({ target }) => {
    const { turn, zoom: by } = target.dataset;
    if (!file || !(turn || by)) return;
    number += Number(turn ?? 0);
    zoom += Number(by ?? 0);
    draw().catch(fail);
  });
}
