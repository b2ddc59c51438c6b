// pick returns the entries whose places, in the order of less, are from first to end (without end). It puts them where
// they belong and leaves the others unsorted (Hoare's selection), so a list of 100,000 costs some milliseconds. less
// must tell any two entries apart.
export const pick = (entries, first, end, less) => {
  end = Math.min(end, entries.length);
  if (first >= end) return [];
  select(entries, 0, entries.length, first, less);
  select(entries, first, entries.length, end - 1, less);
  return entries.slice(first, end).sort((a, b) => (less(a, b) ? -1 : 1));
};

// select puts the entry that belongs at place there, those that are less before it, and the others behind it.
const select = (entries, from, end, place, less) => {
  while (end - from > 1) {
    const pivot = median(entries[from], entries[(from + end) >> 1], entries[end - 1], less);
    let low = from;
    let high = end - 1;
    while (low <= high) {
      while (less(entries[low], pivot)) low++;
      while (less(pivot, entries[high])) high--;
      if (low > high) break;
      [entries[low], entries[high]] = [entries[high], entries[low]];
      low++;
      high--;
    }
    if (place <= high) end = high + 1;
    else if (place >= low) from = low;
    else return;
  }
};

const median = (a, b, c, less) => {
  if (less(b, a)) [a, b] = [b, a];
  if (!less(c, b)) return b;
  return less(c, a) ? a : c;
};
