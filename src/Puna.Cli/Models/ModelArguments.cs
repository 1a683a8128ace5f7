using System.CommandLine;
using Puna.Engine;

namespace Puna.Cli.Models;

/// <summary>Tells a model from a prompt among the free arguments of <c>puna run</c> and its like.</summary>
/// <param name="Model">Path of the model, or null for the default one.</param>
/// <param name="Rest">The arguments that are no model.</param>
public sealed record ModelArguments(string? Model, IReadOnlyList<string> Rest)
{
    private static readonly string[] s_extensions = [".gguf", ".bin", ".safetensors"];

    /// <summary>The arguments that were given, in their order.</summary>
    public static IReadOnlyList<string> Given(
        ParseResult result,
        params ReadOnlySpan<Argument<string?>> arguments
    )
    {
        var given = new List<string>();
        foreach (var argument in arguments)
        {
            if (result.GetValue(argument) is { } value)
            {
                given.Add(value);
            }
        }

        return given;
    }

    /// <summary>
    /// Splits: with <paramref name="named"/> (-m) every argument is rest; else a first argument that has a path
    /// separator or a model extension is the model, and must exist.
    /// </summary>
    /// <exception cref="InputException">It looks like a model but is not there.</exception>
    public static ModelArguments Split(string? named, IReadOnlyList<string> arguments)
    {
        if (named is not null)
        {
            return new ModelArguments(Existing(named), arguments);
        }

        if (arguments.Count > 0 && LooksLikeModel(arguments[0]))
        {
            return File.Exists(arguments[0]) || Directory.Exists(arguments[0])
                ? new ModelArguments(arguments[0], [.. arguments.Skip(1)])
                : throw new InputException(
                    $"There is no model at '{arguments[0]}', and a first argument with a path separator or a model extension is taken for one; "
                        + "if it is the prompt, name the model before it with -m MODEL."
                );
        }

        return new ModelArguments(null, arguments);
    }

    /// <summary>Splits the arguments of a command that takes an optional model and exactly <paramref name="rest"/> others.</summary>
    /// <exception cref="InputException">There are too few or too many.</exception>
    public static ModelArguments Split(string? named, IReadOnlyList<string> arguments, int rest)
    {
        if (named is null && arguments.Count == rest + 1)
        {
            return new ModelArguments(Existing(arguments[0]), [.. arguments.Skip(1)]);
        }

        return arguments.Count == rest
            ? new ModelArguments(named is null ? null : Existing(named), arguments)
            : throw new InputException(
                $"{arguments.Count} arguments were given; this takes {rest} and, unless -m names one, a model before them."
            );
    }

    /// <summary>The path when a file or folder is there.</summary>
    /// <exception cref="InputException">Nothing is there.</exception>
    public static string Existing(string path) =>
        File.Exists(path) || Directory.Exists(path)
            ? path
            : throw new InputException(
                $"There is no model at '{path}'; give a Hugging Face directory, a .gguf, a llama2.c .bin or a .safetensors beside its config.json."
            );

    private static bool LooksLikeModel(string argument) =>
        s_extensions.Any(extension =>
            argument.EndsWith(extension, StringComparison.OrdinalIgnoreCase)
        )
        || argument.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
        || argument.Contains(Path.AltDirectorySeparatorChar, StringComparison.Ordinal);
}
