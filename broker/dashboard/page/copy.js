import { h, setText } from "./dom.js";

// copyButton copies the address of what is shown, for a colleague. Browsers allow that to pages on https and localhost.
export const copyButton = () => {
  const button = h("button", {
    type: "button",
    click: async () => {
      const copied = navigator.clipboard.writeText(location.href).then(() => "Link copied");
      setText(button, await copied.catch(() => "Not permitted: copy the address of this page"));
    },
  }, "Copy link");
  button.hidden = !navigator.clipboard;
  return button;
};
