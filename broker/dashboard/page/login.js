import { h } from "./dom.js";

// createLogin asks for a token. It is sent to the broker as the client does it, and never in the URL.
export const createLogin = (session) => {
  const token = h("input", {
    id: "token", type: "password", required: true, autocomplete: "off", spellcheck: "false",
    pattern: "\\s*[!-~]{1,12288}\\s*", title: "printable ASCII without spaces",
  });
  const keep = h("input", { id: "keep", type: "checkbox" });
  const submit = (event) => {
    event.preventDefault();
    session.login(token.value.trim(), keep.checked);
  };
  const element = h(
    "form",
    { class: "login", submit },
    h("h1", {}, "Log in"),
    h("p", {}, h("label", { for: "token" }, "Token"), token),
    h("p", {}, keep, h("label", { for: "keep" }, "Keep it until this tab is closed. Otherwise a reload asks again.")),
    h("p", {}, h("button", { type: "submit" }, "Log in")),
  );
  return { element, title: "Log in", focus: () => token.focus(), show() {} };
};
