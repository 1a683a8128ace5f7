namespace Puna.Engine.Text.Templates;

/// <summary>The evaluated arguments of a call.</summary>
internal sealed record CallValues(
    IReadOnlyList<object> Positional,
    IReadOnlyList<KeyValuePair<string, object>> Named
)
{
    public static CallValues None { get; } = new([], []);

    /// <summary>
    /// Puts the arguments in the order of the parameters, null where one was not given; the first
    /// <paramref name="required"/> must be.
    /// </summary>
    public object?[] Bind(
        RenderContext context,
        string function,
        int required,
        params ReadOnlySpan<string> parameters
    )
    {
        if (Positional.Count > parameters.Length)
        {
            throw context.Error(
                $"{function}() takes at most {parameters.Length} arguments, {Positional.Count} were given"
            );
        }

        var values = new object?[parameters.Length];
        for (var index = 0; index < Positional.Count; index++)
        {
            values[index] = Positional[index];
        }

        foreach (var (name, value) in Named)
        {
            var index = parameters.IndexOf(name);
            if (index < 0 || values[index] is not null)
            {
                throw context.Error(
                    $"{function}() got {(index < 0 ? "an unknown argument" : "two values for the argument")} '{name}'"
                );
            }

            values[index] = value;
        }

        for (var index = 0; index < required; index++)
        {
            if (values[index] is null)
            {
                throw context.Error($"{function}() needs the argument '{parameters[index]}'");
            }
        }

        return values;
    }
}
