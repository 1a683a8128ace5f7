namespace Puna.Engine.Text.Templates;

/// <summary>A stable merge sort that lets the comparison's own errors through, which the library's sorts wrap.</summary>
internal static class Sorting
{
    public static List<T> Sorted<T>(List<T> items, Func<T, T, int> compare)
    {
        var from = items.ToArray();
        var into = new T[from.Length];
        for (var width = 1; width < from.Length; width *= 2)
        {
            for (var start = 0; start < from.Length; start += 2 * width)
            {
                var middle = Math.Min(start + width, from.Length);
                var end = Math.Min(start + (2 * width), from.Length);
                var (left, right) = (start, middle);
                for (var at = start; at < end; at++)
                {
                    var takesLeft =
                        left < middle && (right >= end || compare(from[right], from[left]) >= 0);
                    into[at] = takesLeft ? from[left++] : from[right++];
                }
            }

            (from, into) = (into, from);
        }

        return [.. from];
    }
}
