namespace Puna.SideBySide;

/// <summary>A measured row.</summary>
public sealed record ResultRow
{
    /// <summary>What --rows chooses it by.</summary>
    public required string Id { get; init; }

    /// <summary>What it measures.</summary>
    public required string Title { get; init; }

    /// <summary>What its figures are.</summary>
    public required RowKind Kind { get; init; }

    /// <summary>Our figures.</summary>
    public required Figures Ours { get; init; }

    /// <summary>What a ratio is taken to.</summary>
    public Figures? Theirs { get; init; }

    /// <summary>The ratio of the medians, or our median.</summary>
    public required double Value { get; init; }

    /// <summary>What it should be on this processor; null where it is only reported.</summary>
    public double? Target { get; init; }

    /// <summary>Whether it is.</summary>
    public bool? Met { get; init; }

    /// <summary>Reads a row from the samples of its contest.</summary>
    /// <param name="row">The row.</param>
    /// <param name="samples">Samples by run and name.</param>
    /// <param name="level">Level of the processor.</param>
    public static ResultRow Of(
        Row row,
        IReadOnlyDictionary<Reading, List<double>> samples,
        string level
    )
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(samples);
        var ours = Figures.Of(samples[row.Ours]);
        var theirs = row.Theirs is { } reading ? Figures.Of(samples[reading]) : null;
        var value = ours.Median / (theirs?.Median ?? 1);
        return new ResultRow
        {
            Id = row.Id,
            Title = row.Title,
            Kind = row.Kind,
            Ours = ours,
            Theirs = theirs,
            Value = value,
            Target = row.Target?.At(level),
            Met = row.Target?.IsMet(value, level),
        };
    }
}
