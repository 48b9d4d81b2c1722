// A browser that notes what a page should not do: errors in its console, what its policy forbids, and
// requests that go elsewhere.

import { chromium } from "playwright-core";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const shots = process.env.JANGTEO_E2E_SHOTS;
export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

export async function launch() {
  mkdirSync(shots, { recursive: true });
  const root = process.getuid && process.getuid() === 0;
  return chromium.launch({
    executablePath: process.env.JANGTEO_E2E_CHROMIUM,
    args: root ? ["--no-sandbox"] : [],
  });
}

// A tab of its own, with no cookies.
export async function open(browser, service, { size = "desktop", language = "ko", script = true } = {}) {
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: SIZES[size],
    locale: language === "ko" ? "ko-KR" : "en-GB",
    javaScriptEnabled: script,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.wrong = [];
  page.on("console", (message) => {
    // What the browser says of answers like 409, which the page handles.
    const answered = message.text().startsWith("Failed to load resource") && page.refusals;
    if (["error", "warning"].includes(message.type()) && !answered) page.wrong.push(message.text());
  });
  page.on("pageerror", (error) => page.wrong.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(service.url) && !url.startsWith("data:")) page.wrong.push(`asks ${url}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`the policy forbids ${event.violatedDirective}: ${event.blockedURI}`);
    });
  });
  return page;
}

export function shoot(page, name) {
  return page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}
