// roundMaximum returns a round number that is not less than value, for the top of an axis: 2, 4 or 10 times a power of
// ten, so that half of it is round as well. For milliseconds it is round in seconds, minutes, hours or days.
export const roundMaximum = (value, unit) => {
  if (unit === "ms") {
    const known = durations.find((seconds) => seconds * 1000 >= value);
    return known ? known * 1000 : roundMaximum(value / day) * day;
  }
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 2)));
  return [1, 2, 4, 10].map((step) => step * power).find((step) => step >= value && step >= 2);
};

const day = 86_400_000;
const durations = [1, 2, 4, 10, 20, 30, 60, 120, 240, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

// toLine returns the path of points in a box of this width and height. A point that is null makes a gap. A point alone
// is a dot.
export const toLine = (points, maximum, width, height) => {
  const step = width / Math.max(1, points.length - 1);
  let path = "";
  let drawing = false;
  points.forEach((value, i) => {
    if (value !== null) {
      const place = `${round(i * step)} ${round(height - (Math.min(value, maximum) / maximum) * height)}`;
      path += drawing ? `L${place}` : `M${place}h0`;
    }
    drawing = value !== null;
  });
  return path;
};

const round = (number) => Math.round(number * 10) / 10;

// nearestPoint returns the index nearest to this one whose point is not null, or -1. Of two it is the earlier one.
export const nearestPoint = (points, index) => {
  const start = Math.min(Math.max(0, index), points.length - 1);
  for (let distance = 0; distance < points.length; distance++) {
    for (const i of [start - distance, start + distance]) if ((points[i] ?? null) !== null) return i;
  }
  return -1;
};

// nextPoint returns the index of the first point that is not null after index, in steps of step, or index if none is.
export const nextPoint = (points, index, step) => {
  for (let i = index + step; i >= 0 && i < points.length; i += step) if (points[i] !== null) return i;
  return index;
};
