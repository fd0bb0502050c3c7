// What the server sends: four bytes with the length of a header, the header as JSON, and columns of numbers. A column begins at a
// multiple of eight bytes, so that it is read where it lies.
const KINDS = { f8: Float64Array, i4: Int32Array, u1: Uint8Array };
const WORD = 8;

const aligned = (bytes) => Math.ceil(bytes / WORD) * WORD;

// The header, in which each panel has its columns by name.
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let place = aligned(4 + length);
  for (const panel of header.panels) {
    panel.columns = {};
    for (const [name, kind] of header.columns) {
      const column = new KINDS[kind](buffer, place, panel.turns);
      panel.columns[name] = column;
      place = aligned(place + column.byteLength);
    }
  }
  return header;
}
