const span = 10_000; // ms over which a rate is averaged

// createRates counts the grants of each lock as an average that forgets: a grant counts less and less, and all together
// are the rate.
export const createRates = () => {
  // What a lock's grants count for, and at which time. The weight of a grant falls by e in each span.
  const all = new Map();

  return {
    granted(name, count, at) {
      const known = all.get(name);
      all.set(name, { weight: count + (known ? weightAt(known, at) : 0), at });
    },

    // of returns the grants of a lock per second.
    of(name, at) {
      const known = all.get(name);
      return known ? (weightAt(known, at) * 1000) / span : 0;
    },

    clear: () => all.clear(),

    // forget drops locks that have not been granted for long.
    forget(at) {
      for (const [name, known] of all) {
        if (weightAt(known, at) < 0.01) all.delete(name);
      }
    },
  };
};

const weightAt = ({ weight, at }, now) => weight * Math.exp((at - now) / span);
