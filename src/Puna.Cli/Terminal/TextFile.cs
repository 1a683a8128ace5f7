using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Reads text files.</summary>
internal static class TextFile
{
    private const long MaximumBytes = 1L << 30;

    /// <summary>The whole file as UTF-8, a byte-order mark left out.</summary>
    /// <exception cref="InputException">It is not there, cannot be read, is too long or is no valid UTF-8.</exception>
    public static string Read(string path)
    {
        if (path.Length == 0)
        {
            throw new InputException("The path of a text file is empty; name the file.");
        }

        if (Directory.Exists(path))
        {
            throw new InputException($"'{path}' is a folder where a text file is needed.");
        }

        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaximumBytes)
            {
                throw new InputException(
                    $"'{path}' has {length} bytes; a text of at most {MaximumBytes} is taken."
                );
            }

            ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
            return Utf8Text.Decode(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes, $"'{path}'");
        }
        catch (Exception failure)
            when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"There is no file '{path}'.", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"The text file '{path}' cannot be read: {failure.Message}",
                failure
            );
        }
    }
}
