using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;

namespace Puna.Cli.Terminal;

/// <summary>
/// Rules for the values of every command, set in one place: an option that takes one value and is given several times
/// takes the last, a switch takes none, what is no number is refused with what would be one, and no path is empty.
/// </summary>
internal static class ValueRules
{
    // What help calls so is a path. A MODEL among free arguments is not: it may be a prompt.
    private static readonly string[] s_pathOptions = ["FILE", "MODEL", "DIR", "OUT"];
    private static readonly string[] s_pathArguments = ["FILE", "IN", "OUT"];

    /// <summary>Sets them for a command and all below it.</summary>
    public static void Apply(Command command)
    {
        foreach (var option in command.Options)
        {
            Apply(option);
        }

        foreach (var argument in command.Arguments)
        {
            if (s_pathArguments.Contains(argument.Name))
            {
                argument.Validators.Add(result => RefuseEmpty(result, argument.Name));
            }
        }

        foreach (var below in command.Subcommands)
        {
            Apply(below);
        }
    }

    private static void Apply(Option option)
    {
        if (s_pathOptions.Contains(option.HelpName))
        {
            option.Validators.Add(result => RefuseEmpty(result, option.Name));
        }

        switch (option)
        {
            case Option<bool> known:
                known.Arity = ArgumentArity.Zero;
                break;
            case Option<string?> known:
                TakeLast(known, static text => text, static () => "a text");
                break;
            case Option<int> known:
                TakeLast(known, Whole<int>, NumberText.Whole<int>);
                break;
            case Option<int?> known:
                TakeLast(known, Whole<int>, NumberText.Whole<int>);
                break;
            case Option<ulong> known:
                TakeLast(known, Whole<ulong>, NumberText.Whole<ulong>);
                break;
            case Option<ulong?> known:
                TakeLast(known, Whole<ulong>, NumberText.Whole<ulong>);
                break;
            case Option<float?> known:
                TakeLast(known, Real, static () => NumberText.Real);
                break;
        }
    }

    private static void TakeLast<T>(
        Option<T> option,
        Func<string, object?> read,
        Func<string> accepted
    )
    {
        option.Arity = ArgumentArity.OneOrMore;
        option.CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (read(text) is { } value)
            {
                return (T)value;
            }

            result.AddError($"{option.Name} is '{text}', but {accepted()} is needed");
            return default;
        };
    }

    private static object? Whole<T>(string text)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        NumberText.TryWhole<T>(text, out var value) ? value : null;

    private static object? Real(string text) =>
        NumberText.TryReal(text, out var value) ? value : null;

    private static void RefuseEmpty(SymbolResult result, string name)
    {
        if (result.Tokens is [.., { Value: "" }])
        {
            result.AddError($"{name} is empty, but a path is needed");
        }
    }
}
