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
    public static async Task<int> RunAsync(RootCommand root, string[] arguments)
    {
        using var interruption = new Interruption();
        try
        {
            var result = root.Parse(arguments, s_parsing);
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
        catch (InputException failure)
        {
            return Refuse(failure.Message);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Refuse(failure.Message);
        }
        catch (OutOfMemoryException)
        {
            return Refuse(
                "The system has not enough memory for this; choose a smaller model, --ctx or batch."
            );
        }
        catch (Exception failure)
        {
            await Console
                .Error.WriteLineAsync(
                    $"puna: a fault of ours: {failure.GetType().Name}: {OneLine(failure.Message)} "
                        + "Please report it with the command line and the lines below."
                )
                .ConfigureAwait(false);
            await Console.Error.WriteLineAsync(failure.StackTrace).ConfigureAwait(false);
            return ExitCode.Fault;
        }
    }

    private static int Refuse(string sentence)
    {
        Console.Error.WriteLine($"puna: {OneLine(sentence)}");
        return ExitCode.BadInput;
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}
