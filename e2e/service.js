// The real program, started for a test with a database of its own, and stopped after it.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = process.env.JANGTEO_E2E_PROGRAM;

export class Service {
  static async start(more = {}) {
    const service = new Service();
    service.folder = mkdtempSync(join(tmpdir(), "jangteo-e2e-"));
    service.environment = {
      PATH: process.env.PATH,
      RUST_LOG: "warn",
      JANGTEO_LISTEN: "127.0.0.1:0",
      JANGTEO_DATA_DIR: join(service.folder, "data"),
      ...more,
    };
    service.process = spawn(program, ["serve"], { env: service.environment, stdio: ["ignore", "pipe", "inherit"] });
    service.url = await new Promise((ready, failed) => {
      let said = "";
      service.process.stdout.on("data", (text) => {
        said += text;
        const found = said.match(/ready at (\S+)/);
        if (found) ready(found[1]);
      });
      service.process.on("exit", (code) => failed(new Error(`the service ended with ${code}: ${said}`)));
    });
    return service;
  }

  async stop() {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  // Another command of the program, against the same data.
  run(...words) {
    return new Promise((done, failed) => {
      const child = spawn(program, words, { env: this.environment, stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      child.stdout.on("data", (text) => (said += text));
      child.on("exit", (code) => (code === 0 ? done(said.trim()) : failed(new Error(`${words}: ${code}`))));
    });
  }

  async ask(method, path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { "Content-Type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    const said = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
    return said;
  }

  post(path, body = {}, headers) {
    return this.ask("POST", path, body, headers);
  }

  // Asks until a field is as wanted.
  async becomes(path, field, value, headers) {
    const until = Date.now() + 20_000;
    for (;;) {
      const row = await this.ask("GET", path, undefined, headers).catch(() => null);
      if (row && row[field] === value) return row;
      if (Date.now() > until) throw new Error(`${path}: ${field} is ${row && row[field]}, not ${value}`);
      await new Promise((later) => setTimeout(later, 50));
    }
  }
}
