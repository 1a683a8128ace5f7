namespace Puna.Testing.Oracles;

/// <summary>
/// The definition of attention in double: for a query, the scores of all visible keys, their softmax, the weighted
/// sum of the values; zeros when nothing is visible.
/// </summary>
public static class NaiveAttention
{
    /// <summary>Result of one query head.</summary>
    /// <param name="queryOf">The query to use for slot s (it depends on the page's offset group).</param>
    /// <param name="keys">Keys [n][d].</param>
    /// <param name="values">Values [n][d].</param>
    /// <param name="visible">Which slots the query sees, [n].</param>
    /// <param name="scale">Factor of the scores.</param>
    public static double[] Forward(
        Func<int, float[]> queryOf,
        IReadOnlyList<float[]> keys,
        IReadOnlyList<float[]> values,
        IReadOnlyList<bool> visible,
        double scale
    )
    {
        var scores = new double[keys.Count];
        var maximum = double.NegativeInfinity;
        for (var slot = 0; slot < keys.Count; slot++)
        {
            if (!visible[slot])
            {
                continue;
            }

            var query = queryOf(slot);
            var sum = 0.0;
            for (var channel = 0; channel < query.Length; channel++)
            {
                sum += (double)query[channel] * keys[slot][channel];
            }

            scores[slot] = sum * scale;
            maximum = Math.Max(maximum, scores[slot]);
        }

        var result = new double[values.Count == 0 ? 0 : values[0].Length];
        var total = 0.0;
        for (var slot = 0; slot < keys.Count; slot++)
        {
            if (!visible[slot])
            {
                continue;
            }

            var weight = Math.Exp(scores[slot] - maximum);
            total += weight;
            for (var channel = 0; channel < result.Length; channel++)
            {
                result[channel] += weight * values[slot][channel];
            }
        }

        for (var channel = 0; total > 0 && channel < result.Length; channel++)
        {
            result[channel] /= total;
        }

        return result;
    }
}
