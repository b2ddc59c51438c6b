export const createGraph = () => ({ element: document.createElement("div"), show() {} });
