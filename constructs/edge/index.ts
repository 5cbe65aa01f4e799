// soundstage/edge: nginx in front of the relay.
export { Edge, type EdgeProps } from "./edge.ts";
