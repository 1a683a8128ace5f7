namespace Puna.SideBySide;

/// <summary>A comparison that cannot be made, in one sentence for the user.</summary>
public sealed class FailureException(string message) : Exception(message);
