using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Reads text files.</summary>
internal static class TextFile
{
    /// <summary>The longest text, in bytes: more than can be scored in a day, less than would crowd out a model.</summary>
    public const int LargestText = 64 << 20;

    /// <summary>The longest chat template, in bytes; those of known models have less than 32 KiB.</summary>
    public const int LargestTemplate = 16 << 20;

    /// <summary>The whole file as UTF-8, a byte-order mark left out.</summary>
    /// <exception cref="InputException">It is not there, cannot be read, is too long or is no valid UTF-8.</exception>
    public static string Read(string path, int largest = LargestText)
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
            // Devices and pipes are taken too, up to the limit.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read);
            var bytes = BoundedBytes.ReadAll(stream, largest, $"'{path}'");
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
