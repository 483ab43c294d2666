// The two parties differ by shape: respondent a diamond, protected person a disc. Stale is hollow and dashed.
export type SymbolName = "respondent" | "respondent-stale" | "protected" | "protected-stale";
export const SYMBOLS: SymbolName[] = ["respondent", "respondent-stale", "protected", "protected-stale"];
const SIZE = 26;
export const RATIO = 2;

export function drawSymbol(name: SymbolName, colour: string, halo: string): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  const pen = canvas.getContext("2d")!;
  pen.scale(RATIO, RATIO);
  outline(pen, name.startsWith("respondent"));
  pen.lineWidth = 5;
  pen.strokeStyle = halo;
  pen.stroke();
  if (name.endsWith("stale")) {
    pen.fillStyle = halo;
    pen.fill();
    pen.setLineDash([3.2, 2.4]);
  } else {
    pen.fillStyle = colour;
    pen.fill();
  }
  pen.lineWidth = 2.2;
  pen.strokeStyle = colour;
  pen.stroke();
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function outline(pen: CanvasRenderingContext2D, diamond: boolean): void {
  const c = SIZE / 2;
  pen.beginPath();
  if (diamond) {
    pen.moveTo(c, c - 8.5);
    pen.lineTo(c + 8.5, c);
    pen.lineTo(c, c + 8.5);
    pen.lineTo(c - 8.5, c);
    pen.closePath();
  } else {
    pen.arc(c, c, 7, 0, 2 * Math.PI);
  }
}

/** Diagonal hatching for the circle of a place that has grown old. */
export function drawHatch(colour: string): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const pen = canvas.getContext("2d")!;
  pen.strokeStyle = colour;
  pen.globalAlpha = 0.5;
  pen.lineWidth = 1.5;
  for (const offset of [-16, 0, 16]) {
    pen.beginPath();
    pen.moveTo(offset, 16);
    pen.lineTo(offset + 16, 0);
    pen.stroke();
  }
  return pen.getImageData(0, 0, 16, 16);
}
