namespace Puna.Cli.Terminal.LineEditing;

/// <summary>How the entry of a message ended.</summary>
internal enum LineEnd
{
    /// <summary>It was entered.</summary>
    Entered,

    /// <summary>The input has ended.</summary>
    EndOfInput,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}
