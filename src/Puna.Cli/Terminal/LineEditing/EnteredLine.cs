namespace Puna.Cli.Terminal.LineEditing;

/// <summary>What came of the entry of a message.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Text">The message, or what had been typed when it was cancelled.</param>
internal readonly record struct EnteredLine(LineEnd End, string Text);
