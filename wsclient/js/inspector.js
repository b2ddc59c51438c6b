// The client for pages that only look, such as the dashboard. It cannot take up a session, and is smaller.

import { dial } from "./dial.js";

export const connect = (url, options) => dial(url, options);
