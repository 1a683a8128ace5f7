namespace Puna.Engine.Text.Templates;

/// <summary>
/// What one rendering may use. A template comes with a downloaded model and is as untrusted as the file itself, so
/// loops, recursion and growth of text end here with a sentence that names the limit and the line.
/// </summary>
public sealed record TemplateLimits
{
    /// <summary>The limits that every real template stays far below.</summary>
    public static TemplateLimits Default { get; } = new();

    /// <summary>Longest template source, in UTF-16 units.</summary>
    public int SourceLength { get; init; } = 1 << 20;

    /// <summary>Deepest nesting of tags and expressions in the source.</summary>
    public int ParseDepth { get; init; } = 200;

    /// <summary>
    /// Evaluated nodes, visited list elements and sixteenths of built text, all together. They bound memory too: what a
    /// step keeps is below 100 bytes. Ten thousand turns through a real template take about a million.
    /// </summary>
    public long Steps { get; init; } = 20_000_000;

    /// <summary>Deepest nesting of evaluations: macro calls, expressions, nested values being compared or printed.</summary>
    public int EvaluationDepth { get; init; } = 1000;

    /// <summary>Longest string value or output, in UTF-16 units.</summary>
    public int TextLength { get; init; } = 1 << 24;

    /// <summary>All text built while rendering, in UTF-16 units, kept or not.</summary>
    public long TotalText { get; init; } = 1L << 28;

    /// <summary>Most elements of a range, as in the sandbox of the original.</summary>
    public int RangeLength { get; init; } = 100_000;
}
