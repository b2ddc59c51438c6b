import { h } from "./dom.js";

// createDeadlocksPage shows the deadlocks that the broker has refused lately.
export const createDeadlocksPage = () => ({ element: h("div", {}, h("h1", {}, "Refused deadlocks")), title: "Deadlocks", show() {} });
