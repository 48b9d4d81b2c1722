// Keeps a page up to date, and sends what its buttons ask for. Without this file every page works: it
// shows how things stood when it was loaded, and buttons post their forms.
"use strict";

const body = document.body;
const sign = document.getElementById("live");
const alertBox = document.getElementById("alert");
const note = document.getElementById("note");
const seen = new Map(); // what the server last sent for each part
let source = null;
let timer = null;
let pending = null;
let running = null;
let streaming = false;

function show(state) {
  if (!sign) return;
  sign.className = "live " + state;
  sign.textContent = body.dataset[state + "Text"] || "";
}

function parts(root) {
  return [...root.querySelectorAll("[data-part]")];
}

// A card that did not change stays as it is, with what is typed into it.
function merge(old, fresh) {
  const cards = [...fresh.children];
  if (!cards.some((card) => card.dataset.version)) {
    old.replaceChildren(...fresh.childNodes);
    return;
  }
  const kept = cards.map((card) => {
    const mine = document.getElementById(card.id);
    const same = mine && mine.dataset.version === card.dataset.version && mine.parentNode === old;
    if (!same) card.classList.add("fresh");
    return same ? mine : card;
  });
  const now = [...old.children];
  if (kept.length === now.length && kept.every((card, index) => card === now[index])) return;
  for (const card of now) if (!kept.includes(card)) card.remove();
  kept.forEach((card, index) => {
    if (old.children[index] !== card) old.insertBefore(card, old.children[index] || null);
  });
}

function swap(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const focused = document.activeElement && document.activeElement.id;
  for (const part of parts(fresh)) {
    const old = document.getElementById(part.id);
    if (!old) continue;
    const text = part.innerHTML.replace(/(data-key|value)="[0-9a-f-]{36}"/g, "");
    if (seen.get(part.id) === text) continue;
    seen.set(part.id, text);
    old.className = part.className;
    merge(old, part);
  }
  const again = focused && document.getElementById(focused);
  if (again && document.activeElement !== again) again.focus();
}

async function look(position) {
  if (running) return running;
  running = (async () => {
    try {
      const headers = { Accept: "text/html" };
      if (position) headers["Min-Position"] = position;
      const answer = await fetch(location.href, { headers, cache: "no-store" });
      if (answer.redirected && new URL(answer.url).pathname === "/login") {
        location.assign(answer.url);
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      swap(await answer.text());
      show(streaming ? "live" : "poll");
    } catch {
      show("lost");
    } finally {
      running = null;
    }
  })();
  return running;
}

function soon() {
  if (pending) return;
  pending = setTimeout(async () => {
    await running;
    pending = null;
    look();
  }, 150);
}

// With a stream that tells of changes the page looks again only now and then by itself.
function tick() {
  clearTimeout(timer);
  const seconds = Number(body.dataset.poll);
  if (!seconds || document.hidden) return;
  timer = setTimeout(async () => {
    await look();
    tick();
  }, seconds * 1000 * (streaming ? 10 : 1));
}

function listen() {
  if (!body.dataset.live || source || document.hidden) return;
  source = new EventSource(body.dataset.live);
  source.addEventListener("ready", () => {
    streaming = true;
    show("live");
    soon();
    tick();
  });
  for (const name of ["list", "row", "gone", "reset", "behind"]) source.addEventListener(name, soon);
  source.addEventListener("error", () => {
    streaming = false;
    show("poll");
    tick();
    if (source && source.readyState === EventSource.CLOSED) {
      source = null;
      setTimeout(listen, 15000);
    }
  });
}

function complain(text) {
  alertBox.textContent = text;
  alertBox.hidden = !text;
  if (text) alertBox.scrollIntoView({ block: "nearest" });
}

async function reason(answer) {
  const problem = await answer.json().catch(() => ({}));
  const known = document.querySelector(`#problems [data-code="${CSS.escape(problem.code || "")}"]`);
  return known ? known.textContent : problem.detail || body.dataset.failed;
}

async function send(form) {
  const card = form.closest("article");
  const buttons = [...card.querySelectorAll("button")];
  const said = {};
  for (const input of form.querySelectorAll("input[type=text]")) {
    if (input.value.trim()) said[input.name] = input.value.trim();
  }
  buttons.forEach((button) => (button.disabled = true));
  complain("");
  try {
    const answer = await fetch(form.dataset.command, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": form.dataset.key },
      body: JSON.stringify(said),
    });
    if (answer.ok) {
      note.textContent = body.dataset.done;
      await running;
      await look(answer.headers.get("Log-Position"));
      return;
    }
    if (answer.status === 401) return location.reload();
    complain(await reason(answer));
    // A new try is a new command: the card comes anew, with new keys.
    if (answer.status < 500) {
      card.dataset.version = "old";
      seen.clear();
      await running;
      await look();
    }
  } catch {
    complain(body.dataset.failed);
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.command) return;
  event.preventDefault();
  send(form);
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    // A browser allows few connections to one place.
    if (source) source.close();
    source = null;
    streaming = false;
    clearTimeout(timer);
    return;
  }
  if (Number(body.dataset.poll)) soon();
  listen();
  tick();
});

const here = document.querySelector("nav.main [aria-current]");
if (here) here.parentNode.scrollLeft = here.offsetLeft - 60;
show("poll");
listen();
tick();
