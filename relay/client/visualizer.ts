// What is heard, as bars around the button; drawn only while something moves.

const BARS = 96;

export class Visualizer {
  readonly #canvas: HTMLCanvasElement;
  readonly #analyser: () => AnalyserNode | undefined;
  readonly #bins = new Uint8Array(1024);
  readonly #levels = new Float32Array(BARS);
  readonly #calm = matchMedia("(prefers-reduced-motion: reduce)");
  /** Whether what is drawn is no longer right, though nothing sounds. */
  #stale = true;

  constructor(canvas: HTMLCanvasElement, analyser: () => AnalyserNode | undefined) {
    this.#canvas = canvas;
    this.#analyser = analyser;
    const spoil = () => {
      this.#stale = true;
    };
    new ResizeObserver(spoil).observe(canvas);
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", spoil);
    const frame = () => {
      if (this.#stale || this.#analyser() || this.#levels.some((level) => level > 0.001)) this.#draw();
      requestAnimationFrame(frame);
    };
    frame();
  }

  #draw(): void {
    this.#stale = false;
    const canvas = this.#canvas;
    const context = canvas.getContext("2d");
    if (!context) return;
    const scale = devicePixelRatio || 1;
    const side = canvas.clientWidth;
    if (canvas.width !== side * scale) {
      canvas.width = side * scale;
      canvas.height = side * scale;
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, side, side);
    const analyser = this.#analyser();
    if (analyser) analyser.getByteFrequencyData(this.#bins);
    else this.#bins.fill(0);
    const style = getComputedStyle(canvas);
    const from = style.getPropertyValue("--accent");
    const to = style.getPropertyValue("--accent-2");
    const inner = side * 0.31;
    const reach = side * 0.17;
    context.translate(side / 2, side / 2);
    context.lineCap = "round";
    context.lineWidth = Math.max(2, side * 0.008);
    for (let bar = 0; bar < BARS; bar += 1) {
      // Mirrored, and spread so that an octave takes the same room everywhere.
      const place = (bar < BARS / 2 ? bar : BARS - 1 - bar) / (BARS / 2);
      const bin = Math.min(1023, Math.round(2 * 2 ** (place * 8)));
      const level = (this.#bins[bin] as number) / 255;
      const now = this.#levels[bar] as number;
      this.#levels[bar] = this.#calm.matches ? 0.25 * level + 0.75 * now : Math.max(level, now * 0.9);
      const angle = Math.PI / 2 + (2 * Math.PI * (bar + 0.5)) / BARS;
      const length = side * 0.006 + reach * (this.#levels[bar] as number) ** 1.6;
      context.strokeStyle = place < 0.45 ? from : to;
      context.globalAlpha = 0.35 + 0.65 * (this.#levels[bar] as number);
      context.beginPath();
      context.moveTo(Math.cos(angle) * inner, Math.sin(angle) * inner);
      context.lineTo(Math.cos(angle) * (inner + length), Math.sin(angle) * (inner + length));
      context.stroke();
    }
  }
}
