namespace Puna.SideBySide;

/// <summary>What the figures of a row are.</summary>
public enum RowKind
{
    /// <summary>Tokens a second of both; the value is ours over theirs.</summary>
    Ratio,

    /// <summary>A share of a limit of the machine, measured in the same process.</summary>
    Share,

    /// <summary>Seconds.</summary>
    Seconds,
}
