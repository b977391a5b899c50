// Files that are dropped, pasted or picked: shown once more with a caption, then posted, several as an album.

import { byId, el, sizeOf, visible } from "./dom.js";
import { toast } from "./notices.js";

const MOST = 10;
const MOST_BYTES = 64 * 1024 * 1024;
const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

export class Posting {
  // `host`: api(), chat(), replyTo(), done().
  constructor(host) {
    this.host = host;
    this.files = [];
    byId("attach").addEventListener("click", () => byId("files").click());
    byId("files").addEventListener("change", ({ target }) => {
      this.#ask([...target.files]);
      target.value = "";
    });
    byId("text").addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.#ask(files);
    });
    byId("posting-cancel").addEventListener("click", () => byId("posting").close());
    byId("posting-send").addEventListener("click", () => this.#send());
    this.#acceptDrops(byId("conversation"));
  }

  #acceptDrops(place) {
    const sign = byId("drop");
    let depth = 0;
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    const carriesFiles = (event) => hasFiles(event) && this.host.chat()?.writes;
    // Beside a chat that takes it, a dropped file would replace the page.
    for (const kind of ["dragover", "drop"]) {
      window.addEventListener(kind, (event) => {
        if (!hasFiles(event) || event.defaultPrevented) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "none";
        if (kind === "drop") toast("Files can be dropped into a chat where you may write.");
      });
    }
    const show = (change) => {
      depth = Math.max(0, depth + change);
      sign.hidden = depth === 0;
    };
    place.addEventListener("dragenter", (event) => carriesFiles(event) && show(1));
    place.addEventListener("dragleave", (event) => carriesFiles(event) && show(-1));
    place.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
    place.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      show(-depth);
      this.#ask([...event.dataTransfer.files]);
    });
  }

  #ask(files) {
    const large = files.find((file) => file.size > MOST_BYTES);
    if (large) toast(`${large.name} is larger than ${sizeOf(MOST_BYTES)}; the demo keeps files in memory.`, "error");
    if (!files.length || large) return;
    if (files.length > MOST) toast(`An album has at most ${MOST} files; the first ${MOST} are taken.`);
    this.files = files.slice(0, MOST);
    const lines = this.files.map((file) =>
      el("li", {}, el("span", { class: "name", dir: "auto" }, visible(file.name)), ` ${sizeOf(file.size)}`),
    );
    byId("posting-files").replaceChildren(...lines);
    byId("posting-as").hidden = !this.files.every((file) => PICTURE.test(file.type));
    byId("as-picture").checked = !byId("posting-as").hidden;
    byId("caption").value = "";
    byId("posting").showModal();
    byId("caption").focus();
  }

  async #send() {
    const [chat, api] = [this.host.chat().id, this.host.api()];
    const asPicture = byId("as-picture").checked;
    const sending = byId("posting-send");
    sending.disabled = true;
    try {
      const tokens = [];
      for (const file of this.files) tokens.push((await api.upload(file, asPicture)).token);
      const caption = byId("caption").value;
      await api.act("post", { chat, files: tokens, caption, reply: this.host.replyTo() });
      byId("posting").close();
      this.host.done();
    } catch (error) {
      toast(error.message, "error");
    } finally {
      sending.disabled = false;
    }
  }
}
