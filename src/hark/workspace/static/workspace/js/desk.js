/* The desk's page: every module listens on the document, so that parts of the page may come and go. */
import "./theme.js";
import "./said.js";
import "./clocks.js";
import "./panes.js";
import "./composer.js";
import "./correct.js";
import "./stream.js";
import "./keys.js";
import "./palette.js";
import "./mention.js";
import "./looking.js";
import "./next.js";
import "./notices.js";
import "./livepart.js";
import "./live.js";
