namespace Puna.Cli.Terminal;

/// <summary>What the process tells its caller.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Bad input, option or file: one sentence on stderr.</summary>
    public const int BadInput = 1;

    /// <summary>A fault of ours.</summary>
    public const int Fault = 2;

    /// <summary>Interrupted; what was already written stays valid.</summary>
    public const int Interrupted = 130;
}
