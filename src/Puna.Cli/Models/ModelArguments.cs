using System.CommandLine;
using Puna.Engine;

namespace Puna.Cli.Models;

/// <summary>Tells a model from a prompt among the free arguments of <c>puna run</c> and its like.</summary>
/// <param name="Model">Path of the model, or null for the default one.</param>
/// <param name="Rest">The arguments that are no model.</param>
internal sealed record ModelArguments(string? Model, IReadOnlyList<string> Rest)
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

    /// <summary>The one model that a command takes, by -m or as its argument; null = the default one.</summary>
    /// <exception cref="InputException">Both were given, or nothing is there.</exception>
    public static string? Single(string? named, string? given)
    {
        if (named is not null && given is not null)
        {
            throw new InputException($"'{given}' and -m {named} were given; name the model once.");
        }

        return (named ?? given) is { } path ? Existing(path) : null;
    }

    /// <summary>
    /// Splits: with <paramref name="named"/> (-m) every argument is rest; else the first of two is the model, and so is
    /// a single one that is the folder of a model, or has a path separator or a model extension and no blanks. A model
    /// must exist.
    /// </summary>
    /// <exception cref="InputException">It looks like a model but is not there.</exception>
    public static ModelArguments Split(string? named, IReadOnlyList<string> arguments)
    {
        if (named is not null)
        {
            return new ModelArguments(Existing(named), arguments);
        }

        if (arguments.Count == 0 || (arguments.Count == 1 && !LooksLikeModel(arguments[0])))
        {
            return new ModelArguments(null, arguments);
        }

        if (File.Exists(arguments[0]) || Directory.Exists(arguments[0]))
        {
            return new ModelArguments(arguments[0], [.. arguments.Skip(1)]);
        }

        throw new InputException(
            arguments.Count == 1
                ? $"There is no model at '{arguments[0]}', and a first argument with a path separator or a model extension is taken for one; "
                    + "if it is the prompt, name the model before it with -m MODEL."
                : $"There is no model at '{arguments[0]}', and the first of two arguments is taken for one; put a prompt with blanks in quotation marks."
        );
    }

    /// <summary>Splits where -m or else the first argument must name a model, and at most one argument follows.</summary>
    /// <param name="named">What -m named, or null.</param>
    /// <param name="arguments">What was given.</param>
    /// <param name="name">What help calls the first argument.</param>
    /// <exception cref="InputException">There is none or too many, or nothing is there.</exception>
    public static ModelArguments Leading(
        string? named,
        IReadOnlyList<string> arguments,
        string name
    )
    {
        if (named is not null)
        {
            return arguments.Count < 2
                ? new ModelArguments(Existing(named), arguments)
                : throw new InputException(
                    $"'{arguments[0]}' and -m {named} were given; name the model once."
                );
        }

        return arguments.Count > 0
            ? new ModelArguments(Existing(arguments[0]), [.. arguments.Skip(1)])
            : throw new InputException($"{name} is missing; name it first, or with -m MODEL.");
    }

    /// <summary>Splits the arguments of a command that takes an optional model and then a text file.</summary>
    /// <param name="named">What -m named, or null.</param>
    /// <param name="arguments">What was given.</param>
    /// <param name="hasFile">False when the text comes from elsewhere and only the model may be given.</param>
    /// <exception cref="InputException">There are too few or too many.</exception>
    public static ModelArguments Split(string? named, IReadOnlyList<string> arguments, bool hasFile)
    {
        var rest = hasFile ? 1 : 0;
        if (named is null && arguments.Count == rest + 1)
        {
            return new ModelArguments(Existing(arguments[0]), [.. arguments.Skip(1)]);
        }

        if (arguments.Count > rest)
        {
            throw new InputException(
                $"'{arguments[^1]}' is one argument too many; with -m or --ids fewer are needed."
            );
        }

        if (arguments.Count < rest || (hasFile && named is null && IsModelFile(arguments[0])))
        {
            throw new InputException(
                "No text file was given; name one after the model, or alone for the default model."
            );
        }

        return new ModelArguments(named is null ? null : Existing(named), arguments);
    }

    /// <summary>The path when a file or folder is there.</summary>
    /// <exception cref="InputException">Nothing is there.</exception>
    public static string Existing(string path) =>
        File.Exists(path) || Directory.Exists(path)
            ? path
            : throw new InputException(
                $"There is no model at '{path}'; give a Hugging Face directory, a .gguf, a llama2.c .bin or a .safetensors beside its config.json."
            );

    private static bool IsModelFile(string argument) =>
        s_extensions.Any(extension =>
            argument.EndsWith(extension, StringComparison.OrdinalIgnoreCase)
        );

    // A prompt with blanks may have a slash, or end as a file does; a path with blanks is one only when it is there.
    private static bool LooksLikeModel(string argument) =>
        IsModelFolder(argument)
        || (HasFormOfPath(argument) && (!argument.Any(char.IsWhiteSpace) || File.Exists(argument)));

    private static bool IsModelFolder(string argument) =>
        File.Exists(Path.Combine(argument, "config.json"));

    private static bool HasFormOfPath(string argument) =>
        IsModelFile(argument)
        || argument.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
        || argument.Contains(Path.AltDirectorySeparatorChar, StringComparison.Ordinal);
}
