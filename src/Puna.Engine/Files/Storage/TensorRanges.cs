namespace Puna.Engine.Files.Storage;

/// <summary>Arithmetic of shapes and offsets that hostile headers cannot overflow.</summary>
internal static class TensorRanges
{
    /// <summary>More elements than any file can hold: every later product of sizes stays below 2^63.</summary>
    private const long MostElements = 1L << 56;

    /// <summary>Product of the dimensions.</summary>
    /// <exception cref="InputException">A dimension is not positive, or the product is absurd.</exception>
    public static long Elements(string path, string name, ReadOnlySpan<long> shape)
    {
        var elements = 1L;
        foreach (var size in shape)
        {
            if (size <= 0 || size > MostElements / elements)
            {
                throw new InputException(
                    $"'{path}' is damaged: tensor '{PrintableText.Short(name)}' has the shape [{string.Join(", ", shape.ToArray())}], which no file can hold."
                );
            }

            elements *= size;
        }

        return elements;
    }

    /// <summary>Refuses tensors that share bytes.</summary>
    public static void RequireDisjoint(
        string path,
        IEnumerable<(string Name, long Offset, long Length)> ranges
    )
    {
        var sorted = ranges.Where(range => range.Length > 0).ToArray();
        Array.Sort(sorted, (left, right) => left.Offset.CompareTo(right.Offset));
        for (var index = 1; index < sorted.Length; index++)
        {
            var before = sorted[index - 1];
            if (sorted[index].Offset < before.Offset + before.Length)
            {
                throw new InputException(
                    $"'{path}' is damaged: tensors '{PrintableText.Short(before.Name)}' and '{PrintableText.Short(sorted[index].Name)}' overlap."
                );
            }
        }
    }
}
