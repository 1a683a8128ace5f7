using System.Runtime.CompilerServices;
using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>One rendering: its clock, its output, the line being evaluated and what it has used of its limits.</summary>
internal sealed class RenderContext(TemplateLimits limits, DateTime now)
{
    private long _steps;
    private long _text;
    private int _depth;

    public TemplateLimits Limits => limits;

    public DateTime Now => now;

    public int Line { get; set; } = 1;

    /// <summary>Where text goes now: the prompt, or the string of a macro or block that is being built.</summary>
    public StringBuilder Output { get; set; } = new();

    /// <summary>An error at the current line.</summary>
    public InputException Error(string message) =>
        new($"The chat template fails in line {Line}: {message.TrimEnd('.')}.");

    public InputException TypeError(string operation, object left, object right) =>
        Error($"{operation} is not defined for {TypeNames.Of(left)} and {TypeNames.Of(right)}");

    /// <summary>The error of a use that an undefined value does not allow, else the given one.</summary>
    public InputException ErrorOf(object value, string message) =>
        Error(value is Undefined undefined ? undefined.Message : message);

    /// <summary>Counts work.</summary>
    public void Charge(long steps)
    {
        _steps += steps;
        if (_steps > limits.Steps)
        {
            throw Error($"it needs more than the {limits.Steps} steps that a template may take");
        }
    }

    /// <summary>Goes one level deeper into an expression, call or value; matched by <see cref="Leave"/>.</summary>
    public void Enter()
    {
        Charge(1);
        if (
            ++_depth > limits.EvaluationDepth
            || !RuntimeHelpers.TryEnsureSufficientExecutionStack()
        )
        {
            throw Error(
                $"calls and values are nested deeper than the {limits.EvaluationDepth} levels that a template may use"
            );
        }
    }

    public void Leave() => _depth--;

    /// <summary>Counts a text that is about to be built, and refuses it if it is too long.</summary>
    public void ChargeText(long length)
    {
        if (length > limits.TextLength)
        {
            throw Error(
                $"a text of {length} characters exceeds the {limits.TextLength} that a template may build"
            );
        }

        Charge(length / 16);
        _text += length;
        if (_text > limits.TotalText)
        {
            throw Error(
                $"all texts together exceed the {limits.TotalText} characters that a template may build"
            );
        }
    }

    /// <summary>Counts a search, whose worst case compares the part at every place of the text.</summary>
    public void ChargeSearch(string text, string part) =>
        Charge((text.Length / 16) + ((long)text.Length * part.Length / 256));

    /// <summary>Counts reading a whole text once, or hashing it as a key.</summary>
    public void ChargeReading(object value) =>
        Charge(value is string text ? 1 + (text.Length / 16) : 1);

    /// <summary>Counts a text that was just built.</summary>
    public string Counted(string text)
    {
        ChargeText(text.Length);
        return text;
    }

    public void Write(string text)
    {
        ChargeText((long)Output.Length + text.Length, text.Length);
        Output.Append(text);
    }

    /// <summary>Counts an addition to a text that would then have the total length.</summary>
    public void ChargeText(long total, int added)
    {
        if (total > limits.TextLength)
        {
            ChargeText(total);
        }

        ChargeText(added);
    }
}
