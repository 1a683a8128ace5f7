using System.Text;

namespace Puna.Cli.Terminal;

/// <summary>
/// The three standard streams as the caller gave them. Where one was closed, the runtime's own pipes take its number, and
/// what is read or written there stops the runtime; such a stream is empty instead.
/// </summary>
internal static class StandardStreams
{
    private const int CloseOnExec = 0x80000;
    private static readonly bool s_hasInput = IsGiven(0);
    private static readonly bool s_hasOutput = IsGiven(1);
    private static readonly bool s_hasError = IsGiven(2);

    /// <summary>Makes <see cref="Console"/> use the streams that were given. Before anything is read or written.</summary>
    public static void Use()
    {
        // Opened while a file can still be opened, for the sentence that says that none can.
        _ = Console.Error;
        if (!s_hasInput)
        {
            Console.SetIn(TextReader.Null);
        }

        if (!s_hasError)
        {
            Console.SetError(TextWriter.Null);
        }

        if (!s_hasOutput || Console.IsOutputRedirected)
        {
            Console.SetOut(
                new StreamWriter(
                    OpenOutput(),
                    new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)
                )
                {
                    AutoFlush = true,
                }
            );
        }
    }

    /// <summary>Standard input, without bytes when it was closed.</summary>
    public static Stream OpenInput() => s_hasInput ? Console.OpenStandardInput() : Stream.Null;

    /// <summary>Standard output; when it was closed, whatever is written is dropped.</summary>
    public static Stream OpenOutput() =>
        s_hasOutput ? PipeOutput.TryOpen() ?? Console.OpenStandardOutput() : Stream.Null;

    // Whatever a program was started with is not to be closed when it starts another; the runtime's own files are.
    private static bool IsGiven(int descriptor)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        try
        {
            const string Name = "flags:";
            var flags = File.ReadLines($"/proc/self/fdinfo/{descriptor}")
                .First(line => line.StartsWith(Name, StringComparison.Ordinal));
            var value = Convert.ToInt32(flags[Name.Length..].Trim(), fromBase: 8);
            return (value & CloseOnExec) == 0;
        }
        catch (FileNotFoundException)
        {
            return !Directory.Exists("/proc/self/fdinfo");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
