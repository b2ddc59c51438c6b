import { h, setText } from "./dom.js";

// copyButton copies the address of what is shown, for a colleague. Browsers allow that to pages on https and localhost.
export const copyButton = () => {
  const button = h("button", {
    type: "button",
    click: async () => {
      await navigator.clipboard.writeText(location.href);
      setText(button, "Link copied");
    },
  }, "Copy link");
  button.hidden = !navigator.clipboard;
  return button;
};
