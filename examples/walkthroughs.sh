#!/usr/bin/env bash
# The five walkthroughs with curl, against a running service; ends with 1 when something is not as
# expected. Everything has ids of its own, so it can be run again.
#
#   JANGTEO_URL     where the service is; http://127.0.0.1:8080 if not set
#   JANGTEO_TOKEN   the key of the service, or a token of an operator, where one is asked for
set -euo pipefail

url=${JANGTEO_URL:-http://127.0.0.1:8080}
run=$(date +%s)-$$

# Sends a request. Its answer is in $status and $body.
send() {
    local method=$1 path=$2 json=${3-}
    local arguments=(--silent --show-error --max-time 40 --request "$method" --write-out '\n%{http_code}')
    if [ -n "$json" ]; then
        arguments+=(--header 'Content-Type: application/json' --data "$json")
    fi
    # The token is no argument, for those others on the machine could read.
    local answer token=${JANGTEO_TOKEN:+header = \"Authorization: Bearer $JANGTEO_TOKEN\"}
    answer=$(curl --config - "${arguments[@]}" "$url$path" <<<"$token")
    status=${answer##*$'\n'}
    body=${answer%$'\n'*}
}

is() { [ "$status" = "$1" ] && [[ $body == *"$2"* ]]; }

surprise() {
    printf 'not as expected: %s\n  wanted %s with %s\n  got    %s %s\n' "$1" "$2" "$3" "$status" "$body" >&2
    exit 1
}

# asks METHOD PATH STATUS TEXT [JSON]: the answer has this status, and this text in its body.
asks() {
    send "$1" "$2" "${5-}"
    is "$3" "$4" || surprise "$1 $2" "$3" "$4"
    printf '  %-6s %-60s %s %s\n' "$1" "$2" "$status" "$4"
}

# shows PATH TEXT: a view shows this text, at once or a moment later.
shows() {
    local deadline=$((SECONDS + 20))
    until send GET "$1" && is 200 "$2"; do
        [ $SECONDS -lt $deadline ] || surprise "GET $1" 200 "$2"
        sleep 0.1
    done
    printf '  %-6s %-60s %s %s\n' GET "$1" "$status" "$2"
}

warehouse() {
    echo "warehouse: delivered, shipped and disposed of"
    local stock=/warehouse/stock/TV-$run
    asks POST /warehouse/deliveries 201 '"status":"Delivered"' \
        "{\"deliveryId\": \"lot-$run\", \"product\": \"TV-$run\", \"qty\": 10, \"customerId\": \"YoungEunSong\"}"
    shows "$stock" '"onHand":10'
    asks POST "$stock/ship" 200 '"onHand":6' '{"qty": 4}'
    shows "$stock" '"onHand":6'
    shows "/warehouse/movements?product=TV-$run" '"delta":-4'
    asks POST "$stock/ship" 409 '"code":"insufficient-stock"' '{"qty": 7}'
    asks POST "$stock/dispose" 200 '"onHand":0' '{"qty": 6, "reason": "파손"}'
    shows "$stock" '"onHand":0'
    shows "/warehouse/lots/lot-$run" '"status":"Closed"'
}

market() {
    echo "market: reserved, paid for, lent, returned and reviewed"
    local item=camera-$run reservation=r-$run
    asks POST /market/items 201 '"itemStatus":"Rentable"' \
        "{\"itemNo\": \"$item\", \"itemName\": \"Camera\", \"itemPrice\": 100, \"itemStatus\": \"Rentable\", \"rentalStatus\": \"NotRenting\"}"
    asks POST /market/reservations 201 '"reservationStatus":"Requested"' \
        "{\"reservationNo\": \"$reservation\", \"customerName\": \"YoungEunSong\", \"customerId\": 1, \"itemNo\": \"$item\", \"itemName\": \"Camera\", \"itemPrice\": 100, \"paymentStatus\": \"NotPaid\", \"rentalStatus\": \"NotRenting\"}"
    shows "/market/items/$item" '"itemStatus":"NotRentable"'
    shows "/market/reservations/$reservation" '"reservationStatus":"Confirmed"'
    asks PATCH "/market/reservations/$reservation" 200 '"paymentStatus":"Paid"' '{"paymentStatus": "Paid"}'
    shows "/market/payments?reservationNo=$reservation" '"amount":100'
    asks PATCH "/market/items/$item" 200 '"rentalStatus":"Renting"' \
        "{\"reservationNo\": \"$reservation\", \"itemStatus\": \"NotRentable\", \"rentalStatus\": \"Renting\"}"
    shows "/market/reservations/$reservation" '"rentalStatus":"Renting"'
    asks DELETE "/market/reservations/$reservation" 409 '"code":"already-lent"'
    asks PATCH "/market/items/$item" 200 '"rentalStatus":"Returned"' \
        "{\"reservationNo\": \"$reservation\", \"itemStatus\": \"Rentable\", \"rentalStatus\": \"Returned\"}"
    shows "/market/items/$item" '"itemStatus":"Rentable"'
    shows "/market/reservations/$reservation" '"reviewRequestedAt":"'
    shows "/market/item-info?itemNo=$item" '"rentalStatus":"Returned"'
    asks POST /market/reviews 201 '"score":5' \
        "{\"reservationNo\": \"$reservation\", \"customerId\": 1, \"customerName\": \"YoungEunSong\", \"score\": 5, \"text\": \"잘 썼습니다\"}"
    shows "/market/items?itemNo=$item" '[]'
    shows "/market/reviews?reservationNo=$reservation" '"score":5'
}

rental() {
    echo "rental: rented and cancelled, out of stock, and a shortage that is found late"
    local product=macbook-$run order=rental-$run
    local ask="/rental/rentalRequest?productId=$product&amount=10"
    local free="/rental/inventoryCheck?productId=$product"
    asks POST /rental/inventories 201 '"productName":"MACBOOK"' \
        "{\"productId\": \"$product\", \"productName\": \"MACBOOK\", \"qty\": 100}"
    asks POST "$ask&qty=10&orderId=$order" 201 '"status":"confirmed"'
    shows "/rental/total-view/$order" '"lastEvent":"DeliveryStarted"'
    shows "$free" 90
    asks POST "/rental/orders/$order/cancel" 200 '"status":"cancelled"'
    shows "/rental/total-view/$order" '"refundedAmount":10'
    shows "/rental/total-view/$order" '"retrieveStarted":true'
    asks POST "/rental/shipments/$order/complete-retrieval" 200 '"status":"retrieved"'
    shows "$free" 100
    asks POST "$ask&qty=110&orderId=$order-b" 409 '"code":"out-of-stock"'
    shows "/rental/total-view/$order-b" '"cancelledBy":"shortage"'
    shows "/rental/total-view/$order-b" '"feeReceived":false'
    asks POST "$ask&qty=10&orderId=$order-c" 201 '"status":"confirmed"'
    shows "/rental/total-view/$order-c" '"lastEvent":"DeliveryStarted"'
    asks POST "/rental/orders/$order-c/report-shortage" 200 '"qty":3' '{"qty": 3}'
    shows "/rental/total-view/$order-c" '"refundedAmount":10'
    shows "/rental/total-view/$order-c" '"retrieveStarted":true'
    asks POST "/rental/shipments/$order-c/complete-retrieval" 200 '"status":"retrieved"'
    shows "$free" 97
}

restaurant() {
    echo "restaurant: cooked and delivered, cancelled, and sold out"
    local menu=bibimbap-$run order=meal-$run
    local dish="\"restaurantId\": \"2\", \"restaurantMenuId\": \"$menu\", \"customerId\": \"YoungEunSong\""
    asks POST /restaurant/menus 201 '"stock":2' \
        "{\"restaurantId\": \"2\", \"menuId\": \"$menu\", \"name\": \"Bibimbap\", \"price\": 9000, \"stock\": 2}"
    asks POST /restaurant/orders 201 '"orderStatus":"ORDER : ORDERED"' "{\"orderId\": \"$order\", $dish, \"qty\": 1}"
    shows "/restaurant/my-page/$order" '"cookStatus":"COOK : ORDER RECEIPT"'
    asks POST "/restaurant/cooks/$order/complete" 200 '"cookStatus":"COOKED"'
    shows "/restaurant/my-page/$order" '"deliveryStatus":"DELIVERY : COOK FIN"'
    asks POST "/restaurant/orders/$order/cancel" 409 '"code":"already-cooked"'
    asks POST "/restaurant/deliveries/$order/complete" 200 ''
    shows "/restaurant/my-page/$order" '"deliveryStatus":"DELIVERY : DELIVERY FIN"'
    asks POST /restaurant/orders 201 '"orderStatus":"ORDER : ORDERED"' "{\"orderId\": \"$order-b\", $dish, \"qty\": 1}"
    shows "/restaurant/my-page/$order-b" '"cookStatus":"COOK : ORDER RECEIPT"'
    asks POST "/restaurant/orders/$order-b/cancel" 200 '"orderStatus":"ORDER : ORDER CANCELED"'
    shows "/restaurant/my-page/$order-b" '"deliveryStatus":"DELIVERY : ORDER CANCELED"'
    shows "/restaurant/menus/2.$menu" '"stock":1'
    asks POST /restaurant/orders 201 '"orderStatus":"ORDER : ORDERED"' "{\"orderId\": \"$order-c\", $dish, \"qty\": 2}"
    shows "/restaurant/my-page/$order-c" '"orderStatus":"ORDER : QTY OVER CANCELED"'
}

coffee() {
    asks POST /cafe/orders 201 '"status":"pay_success"' \
        "{\"orderId\": \"$1\", \"product\": \"IceAmericano\", \"qty\": 1, \"price\": 2000${2-}}"
}

cafe() {
    echo "cafe: made and picked up, rejected, canceled, and with points"
    local order=coffee-$run
    asks PUT /cafe/menu/IceAmericano 200 '"price":2000' '{"price": 2000}'
    coffee "$order"
    shows "/cafe/order-status/$order" '"status":"pay_success"'
    shows "/cafe/tickets/$order" '"status":"order_get"'
    asks POST "/cafe/tickets/$order/accept" 200 '"status":"receive"'
    shows "/cafe/order-status/$order" '"status":"order_received"'
    asks POST "/cafe/orders/$order/request-cancel" 200 ''
    shows "/cafe/order-status/$order" '"status":"order_received"'
    asks POST "/cafe/tickets/$order/make" 200 '"status":"made"'
    asks POST "/cafe/tickets/$order/hand-over" 200 '"status":"picked_up"'
    shows "/cafe/order-status/$order" '"status":"picked_up"'

    coffee "$order-b"
    shows "/cafe/tickets/$order-b" '"status":"order_get"'
    asks POST "/cafe/tickets/$order-b/reject" 200 '"status":"reject"'
    shows "/cafe/order-status/$order-b" '"refundedAmount":2000'

    coffee "$order-c"
    asks POST "/cafe/orders/$order-c/request-cancel" 200 ''
    shows "/cafe/tickets/$order-c" '"status":"order_canceled"'
    shows "/cafe/order-status/$order-c" '"refundedAmount":2000'

    asks POST /cafe/members 201 '"point":0' \
        "{\"customerId\": \"member-$run\", \"name\": \"YoungEunSong\", \"validated\": true}"
    coffee "$order-d" ", \"customerId\": \"member-$run\""
    shows "/cafe/tickets/$order-d" '"status":"order_get"'
    asks POST "/cafe/tickets/$order-d/accept" 200 '"status":"receive"'
    shows "/cafe/points/member-$run" '"point":1'
}

warehouse
market
rental
restaurant
cafe
echo "all five are as expected"
