using Puna.Kernels.Formats;

namespace Puna.Engine.Files;

/// <summary>The formats that can be written, and the rule for rows that a format does not divide.</summary>
public static class OutputFormats
{
    /// <summary>Formats that have a quantiser: what <c>--format</c> of a conversion accepts.</summary>
    public static IReadOnlyList<WeightFormat> Encodable { get; } =
    [.. WeightFormats.All.Where(format => format.CanEncode)];

    /// <summary>A format by the name that people type.</summary>
    /// <exception cref="InputException">There is none of that name among <paramref name="accepted"/>.</exception>
    public static WeightFormat Parse(string id, IReadOnlyList<WeightFormat> accepted)
    {
        ArgumentNullException.ThrowIfNull(id);
        foreach (var format in accepted)
        {
            if (string.Equals(format.Id, id, StringComparison.OrdinalIgnoreCase))
            {
                return format;
            }
        }

        string[] known = [.. accepted.Select(format => format.Id)];
        throw new InputException(
            $"'{PrintableText.Short(id)}' is no format that can be written; choose one of {string.Join(", ", known)}{NearestName.Hint(id, known)}."
        );
    }

    /// <summary>
    /// The format itself where its blocks divide the rows, else Q8_0, else F16 (an F32 or BF16 wish always fits).
    /// </summary>
    public static WeightFormat Fit(WeightFormat format, long columns) =>
        columns % format.BlockSize == 0 ? format
        : columns % WeightFormats.Q8_0.BlockSize == 0 ? WeightFormats.Q8_0
        : WeightFormats.F16;
}
