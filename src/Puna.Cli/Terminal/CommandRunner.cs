using System.CommandLine;
using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Parses the arguments, runs the command and turns whatever happens into an exit code and one sentence.</summary>
internal static class CommandRunner
{
    // Without a replacer no file of arguments is read in place of @name: a prompt may begin so.
    private static readonly ParserConfiguration s_parsing = new()
    {
        ResponseFileTokenReplacer = null,
    };

    /// <summary>Runs a command line.</summary>
    public static async Task<int> RunAsync(Func<RootCommand> create, string[] arguments)
    {
        using var spare = new SpareFiles();
        try
        {
            StandardStreams.Use();
            using var interruption = new Interruption();
            using var limit = FileSizeLimit.Take();
            var result = create().Parse(arguments, s_parsing);
            if (result.Action is not HelpWithNotes && ParseFailure.Sentence(result) is { } sentence)
            {
                return Refuse(sentence);
            }

            var settings = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await result.InvokeAsync(settings, interruption.Token).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            spare.Dispose();
            return Refuse(Cause(failure));
        }
    }

    // What happened inside a part of a job, or while a type was made ready, is told like anything else.
    private static Exception Cause(Exception failure) =>
        failure is AggregateException or TypeInitializationException
        && failure.InnerException is { } inner
            ? Cause(inner)
            : failure;

    private static int Refuse(Exception failure)
    {
        switch (failure)
        {
            case OperationCanceledException:
                return ExitCode.Interrupted;
            case FileNotFoundException
            or FileLoadException
                when failure.Message.Contains("PublicKeyToken", StringComparison.Ordinal):
                return Refuse(
                    "A part of the program itself cannot be opened; raise the number of files that may be open (ulimit -n), or install puna anew."
                );
            case InputException or IOException or UnauthorizedAccessException:
                return Refuse(failure.Message);
            case OutOfMemoryException:
                return Refuse(
                    "The system has not enough memory, threads or open files for this; choose a smaller model, --ctx, batch or --threads, or raise its limits (ulimit)."
                );
            default:
                Console.Error.WriteLine(
                    $"puna: a fault of ours: {failure.GetType().Name}: {OneLine(failure.Message)} "
                        + "Please report it with the command line and the lines below."
                );
                Console.Error.WriteLine(failure.StackTrace);
                return ExitCode.Fault;
        }
    }

    private static int Refuse(string sentence)
    {
        Console.Error.WriteLine($"puna: {OneLine(sentence)}");
        return ExitCode.BadInput;
    }

    private static string OneLine(string text) => PrintableText.Escape(text.Trim());
}
