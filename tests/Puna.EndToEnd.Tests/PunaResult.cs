namespace Puna.EndToEnd.Tests;

/// <summary>How a run of the command line ended.</summary>
/// <param name="ExitCode">The process's exit code.</param>
/// <param name="Output">Everything on stdout.</param>
/// <param name="Error">Everything on stderr.</param>
public sealed record PunaResult(int ExitCode, string Output, string Error);
