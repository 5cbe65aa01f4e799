import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { LiveReport } from "../../../converge/report/live-report.ts";
import { PlainReport } from "../../../converge/report/report.ts";
import { RunLog } from "../../../converge/report/run-log.ts";

const output = mkdtempSync(join(tmpdir(), "report-"));
const log = () => new RunLog(output, new Map([["eu-1", "region-eu"]]));

test("a display that moves tells every reason of a host at its end", async () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    const report = new LiveReport(log());
    await new Promise((done) => setTimeout(done, 50));
    report.failed("eu-1", "probe answers: exit code 1");
    report.failed("eu-1", "it could not be left in order: exit code 12");
    await report.close();
    expect(said.mock.calls[0]).toEqual([
      "\neu-1\nprobe answers: exit code 1\nit could not be left in order: exit code 12",
    ]);
  } finally {
    said.mockRestore();
  }
});

test("what a host says commands neither the terminal nor who reads the log", () => {
  const [said, failed] = (["log", "error"] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(() => {}),
  ) as [ReturnType<typeof vi.spyOn>, ReturnType<typeof vi.spyOn>];
  try {
    const report = new PlainReport(log());
    report.step("eu-1", "drift", "/etc/\u001b[2Jmotd");
    report.failed("eu-1", "first\n\u009bsecond\tthird\r");
    expect(said.mock.calls.flat()).toEqual(["eu-1  drift      /etc/\ufffd[2Jmotd"]);
    expect(failed.mock.calls.flat()).toEqual(["eu-1  FAILED     first\n      \ufffdsecond\tthird\ufffd"]);
    const logged = readFileSync(join(output, "logs", "region-eu.log"), "utf8");
    expect(logged).not.toMatch(/[^\P{Cc}\t\n]/u);
    expect(logged).toMatch(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ eu-1.*\n)(\d{4}-\d\d-\d\dT\S+Z .*\n)+$/);
  } finally {
    said.mockRestore();
    failed.mockRestore();
  }
});
