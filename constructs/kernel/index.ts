// soundstage/kernel: kernel keys for streaming, and a share of the processors for audio.
export { AudioSlice } from "./audio-slice.ts";
export { KernelTuning, type KernelTuningProps, STREAMING } from "./kernel-tuning.ts";
