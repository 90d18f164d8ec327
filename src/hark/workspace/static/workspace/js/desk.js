/* The desk's page: every module listens on the document, so that parts of the page may come and go. */
import "./theme.js";
import "./select.js";
import "./said.js";
import "./clocks.js";
import "./panes.js";
import "./composer.js";
import "./uploads.js";
import "./unveil.js";
import "./correct.js";
import "./acts.js";
import "./picker.js";
import "./stream.js";
import "./search.js";
import "./keys.js";
import "./live.js";
