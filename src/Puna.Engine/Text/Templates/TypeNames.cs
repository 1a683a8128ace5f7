namespace Puna.Engine.Text.Templates;

/// <summary>What Python calls the types, for error messages.</summary>
internal static class TypeNames
{
    public static string Of(object value) =>
        value switch
        {
            None => "NoneType",
            bool => "bool",
            long => "int",
            double => "float",
            string => "str",
            ListValue list => list.IsTuple ? "tuple" : "list",
            MapValue => "dict",
            NamespaceValue => "Namespace",
            LoopValue => "LoopContext",
            Undefined => "Undefined",
            _ => "function",
        };

    public static string OfOwner(object value) => value is None ? "None" : $"{Of(value)} object";
}
