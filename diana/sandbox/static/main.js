// Puts the page together and starts it.

import { takeToken } from "./api.js";
import { showChat } from "./chat.js";
import { element } from "./dom.js";
import { keepUpToDate } from "./news.js";
import { showPeople } from "./people.js";
import { recallRead, showPane } from "./state.js";
import { showTimeline } from "./timeline.js";

const pane = (id) => document.getElementById(id);

function start() {
  recallRead();
  showPeople(pane("people"));
  showChat(pane("chat"));
  showTimeline(pane("timeline"));
  showPane("people");
  keepUpToDate();
}

function askForAddress() {
  const words = "Open the address that “make run” prints after “Talk to the bot”: it ends in this run's key.";
  document.querySelector(".panes").replaceWith(element("main", { class: "blank alone" }, element("h1", {}, "The key is missing"), element("p", {}, words)));
}

// An address of a new run that is opened in the same tab changes only what stands behind the #.
addEventListener("hashchange", () => location.hash && takeToken() && !location.hash && location.reload());
if (takeToken()) start();
else askForAddress();
